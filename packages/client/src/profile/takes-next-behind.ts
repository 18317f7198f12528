/**
 * Whether a server leaves a passive command that came in one piece with a transfer command until the transfer is over, and
 * answers it then (measured: these do; it needs no PRET of them, which picks one of the servers behind others).
 */
export function takesNextBehind(product: string | undefined): boolean {
  return product !== undefined && products.test(product);
}

const products = /^(?:Sallyport|vsftpd|ProFTPD|Pure-FTPd)\b/;
