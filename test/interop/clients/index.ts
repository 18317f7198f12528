import type { StockClient } from "../peers/client.ts";
import { basicFtp } from "./basic-ftp.ts";
import { curl } from "./curl.ts";
import { aria2, wget } from "./downloaders.ts";
import { lftp } from "./lftp.ts";
import { mc } from "./mc.ts";
import { ncftp } from "./ncftp.ts";
import { rclone } from "./rclone.ts";
import { ftplib, perl, php, ruby } from "./scripted.ts";
import { ftpSsl, gftp, inetutilsFtp, tnftp } from "./typed.ts";

/** Every client of the matrix, as the interoperability document lists them. */
export const stockClients: readonly StockClient[] = [
  ...[curl, lftp, ftplib, rclone, wget, ftpSsl, gftp, basicFtp, perl, ruby, php],
  ...[ncftp, tnftp, inetutilsFtp, aria2, mc],
];
