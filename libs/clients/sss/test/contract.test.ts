import * as qrLogin from '@strongroom/qr-login/contract'
import * as secretShares from '@strongroom/secret-shares/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApi } from '../src/api/api.ts'
import { type PublishedServer, publishedServer } from './published-server.ts'
import { routes } from './routes.ts'

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly body?: { safeParse(value: unknown): { success: boolean } }
}

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value
const declaredValues: readonly unknown[] = [...Object.values(qrLogin), ...Object.values(secretShares)]
const endpoints = declaredValues.filter(isEndpoint)

let server: PublishedServer
beforeAll(async () => {
  server = await publishedServer()
})
afterAll(() => server.close())

/** `GET /qr-login/session/:lookup` for the calls that it takes. */
const takes = ({ method, path }: Endpoint, call: string) =>
  new RegExp(`^${method} ${path.replace('/api', '').replaceAll(/:\w+/g, '[^/]+')}$`).test(call)

test.each(routes)('%s is what the server declares, and it takes what is sent', async (call, ask) => {
  server.seen.length = 0
  await ask(openApi({ baseUrl: server.url })).catch(() => undefined)
  const declared = endpoints.filter((endpoint) => takes(endpoint, call))
  expect(declared.length).toBeGreaterThan(0)
  const refused = declared.filter(({ body }) => body?.safeParse(server.seen[0]?.body).success === false)
  expect(refused).toEqual([])
})

test('no endpoint of the server is left out', () => {
  const own = [...routes.map(([call]) => call), 'GET /keys/recovery', 'GET /keys/recovery-email']
  expect(endpoints.filter((endpoint) => !own.some((call) => takes(endpoint, call))).map(({ path }) => path)).toEqual([])
})
