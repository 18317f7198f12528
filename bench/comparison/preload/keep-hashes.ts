// Loaded before the server under test where logins are compared with peers that use a cheap password hash: it keeps
// the imported hash from becoming argon2id at the first login. Nothing else differs from the server as it is.
import { PasswordHasher } from "@sallyport/server/accounts";

PasswordHasher.prototype.isOutdated = () => false;
