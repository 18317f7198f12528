# Does one task with Ruby's net-ftp; the task is JSON in the first argument.
require "json"
require "net/ftp"

task = JSON.parse(ARGV[0])
operation = task["operation"]
options = {
  port: task["port"],
  username: task["user"],
  password: task["password"],
  passive: !operation.start_with?("active"),
  open_timeout: 15,
  read_timeout: 15
}
options[:ssl] = { ca_file: task["caFile"] } unless task["mode"] == "plain"
ftp = Net::FTP.new(task["host"], **options)
ftp.chdir(task["folder"])
ftp.resume = operation.start_with?("resume")
case operation
when "list"
  ftp.mlsd { |entry| puts entry.pathname }
  puts ftp.list
when /get$/
  ftp.getbinaryfile(task["remote"], task["local"])
else
  ftp.putbinaryfile(task["local"], task["remote"])
end
ftp.quit
