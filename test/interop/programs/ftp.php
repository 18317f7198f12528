<?php
// Does one task with PHP's ftp extension; the task is JSON in the first argument.
set_error_handler(function ($severity, $message) {
    fwrite(STDERR, "$message\n");
    exit(1);
});
$task = json_decode($argv[1], true);
['operation' => $operation, 'remote' => $remote, 'local' => $local] = $task;
$connect = $task['mode'] === 'plain' ? 'ftp_connect' : 'ftp_ssl_connect';
$ftp = $connect($task['host'], $task['port'], 15);
ftp_login($ftp, $task['user'], $task['password']);
ftp_pasv($ftp, !str_starts_with($operation, 'active'));
ftp_chdir($ftp, $task['folder']);
$done = match ($operation) {
    'list' => print(implode("\n", ftp_rawlist($ftp, '.')) . "\n" . implode("\n", array_column(ftp_mlsd($ftp, '.'), 'name')) . "\n"),
    'get', 'active get' => ftp_get($ftp, $local, $remote, FTP_BINARY),
    'put', 'active put' => ftp_put($ftp, $remote, $local, FTP_BINARY),
    'resume get' => ftp_get($ftp, $local, $remote, FTP_BINARY, filesize($local)),
    'resume put' => ftp_put($ftp, $remote, $local, FTP_BINARY, ftp_size($ftp, $remote)),
};
ftp_close($ftp);
exit($done ? 0 : 1);
