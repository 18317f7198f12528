/** Service and host, as in `ftp@host.example.org`; a service alone is that of the URL's host. */
export function parseService(text: string): string {
  if (/^[A-Za-z][\w.-]*(?:@[\w.:-]+)?$/.test(text)) return text;
  throw new Error("a service, or SERVICE@HOST as in ftp@ftp.example.org");
}
