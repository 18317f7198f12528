import { errorOfFailure, isSallyportError, type SallyportError, type UserPiFailure } from "@sallyport/protocol";

/** The failure's error; where TLS or the network says more exactly what is wrong, that one, with the same facts. */
export function errorOf(failure: UserPiFailure): SallyportError {
  const error = errorOfFailure(failure);
  const { cause } = failure;
  if (failure.code !== "SALLYPORT_HANDSHAKE_FAILED" || !isSallyportError(cause)) return error;
  const { command, reply, retry, transcript } = failure;
  return Object.assign(cause, { retry, transcript, ...(command && { command }), ...(reply && { reply }) });
}
