# Does one task with Perl's Net::FTP; the task is JSON in the first argument.
use strict;
use warnings;
use JSON::PP;
use Net::FTP;

my $task = decode_json($ARGV[0]);
my ($mode, $operation, $remote, $local) = @{$task}{qw(mode operation remote local)};
my @tls = $mode eq 'plain' ? () : (SSL_ca_file => $task->{caFile}, SSL_verify_mode => 1);
push @tls, SSL => 1 if $mode eq 'implicit';

my $ftp = Net::FTP->new(
  $task->{host},
  Port    => $task->{port},
  Timeout => 15,
  Passive => $operation =~ /^active/ ? 0 : 1,
  @tls,
) or die "connect: $@";
sub check { $_[0] or die "$_[1]: " . $ftp->code . ' ' . $ftp->message; return $_[0] }

check($ftp->starttls, 'starttls') if $mode eq 'explicit';
check($ftp->login($task->{user}, $task->{password}), 'login');
check($ftp->binary, 'binary');
check($ftp->cwd($task->{folder}), 'cwd');

if ($operation eq 'list') {
  print "$_\n" for check(scalar($ftp->dir), 'dir')->@*;
} elsif ($operation eq 'resume get') {
  check($ftp->get($remote, $local, -s $local), $operation);
} elsif ($operation eq 'resume put') {
  my $size = $ftp->size($remote);
  open my $file, '<:raw', $local or die $!;
  seek $file, $size, 0;
  $ftp->restart($size);
  check($ftp->put($file, $remote), $operation);
} elsif ($operation =~ /get$/) {
  check($ftp->get($remote, $local), $operation);
} else {
  check($ftp->put($local, $remote), $operation);
}
$ftp->quit;
