const head = (method: string, path: string, headers: readonly string[]): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n')

export const get = (path: string): string => head('GET', path, [])

/** Opens a key: HTTP Basic with an empty user and the PIN. */
export const getKey = (id: string, pin: string): string =>
  head('GET', `/v2/key/${id}`, [`Authorization: Basic ${Buffer.from(`:${pin}`).toString('base64')}`])

export function postKey(pin: string): string {
  const body = JSON.stringify({ pin })
  return head('POST', '/v2/key', ['Content-Type: application/json', `Content-Length: ${String(body.length)}`]) + body
}
