/** Reads the seconds of a `Retry-After` header (RFC 9110, 10.2.3); its dates are not read. */
export const readRetryAfter = (text: string | null | undefined): { retryAfterSeconds?: number } =>
  /^\d{1,6}$/.test(text ?? '') ? { retryAfterSeconds: Number(text) } : {}
