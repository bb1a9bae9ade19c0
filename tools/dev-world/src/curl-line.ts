/** One request, as it is to go out. */
export interface CurlRequest {
  readonly method: string
  /** With path and query as they were signed. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** One line for a POSIX shell. `-g`: brackets in a query stand for themselves. */
export function curlLine({ method, url, headers, body }: CurlRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`)
  return [
    `curl -sSg -X ${method}`,
    quote(url),
    ...lines,
    ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
  ].join(' ')
}

/** Between single quotes a shell reads everything as it is, but a single quote. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
