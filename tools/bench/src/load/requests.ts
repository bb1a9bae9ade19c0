const head = (method: string, path: string, headers: readonly string[]): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n')

export const get = (path: string, headers: Readonly<Record<string, string>> = {}): string =>
  head(
    'GET',
    path,
    Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  )

export const getAs = (token: string, path: string): string => head('GET', path, [`Authorization: Bearer ${token}`])

/** Opens a key: HTTP Basic with an empty user and the PIN. */
export const getKey = (id: string, pin: string): string =>
  head('GET', `/v2/key/${id}`, [`Authorization: Basic ${Buffer.from(`:${pin}`).toString('base64')}`])

/** JSON in ASCII: the generator writes a byte for each character. */
export function post(path: string, value: object, headers: readonly string[] = []): string {
  const body = JSON.stringify(value)
  const length = `Content-Length: ${String(body.length)}`
  return head('POST', path, ['Content-Type: application/json', length, ...headers]) + body
}

export const postAs = (token: string, path: string, value: object): string =>
  post(path, value, [`Authorization: Bearer ${token}`])

export const postKey = (pin: string): string => post('/v2/key', { pin })
