let callers = 0

/** An address that no request had before; servers with a proxy in front believe `X-Forwarded-For`. */
export const newCaller = (): string => {
  const number = callers++
  return `10.${String((number >> 16) & 255)}.${String((number >> 8) & 255)}.${String(number & 255)}`
}
