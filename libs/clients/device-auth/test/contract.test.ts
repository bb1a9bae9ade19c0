import * as keyShares from '@strongroom/key-shares/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { duoClient } from '../src/api/duo-client.ts'
import { newDeviceKey } from '../src/device-key.ts'
import { enrolDevice, proveDevice } from '../src/enrol-device.ts'
import { face, routes } from './routes.ts'
import { type Seen, type ServedAuthService, serveAuthService } from './serve-auth-service.ts'

interface Shape {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown }
}

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly body?: Shape
  readonly query?: Shape
  readonly reply: Readonly<Record<number, Shape>>
}

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value
const declared: readonly unknown[] = Object.values(keyShares)
const endpoints = declared.filter(isEndpoint).filter(({ path }) => !path.startsWith('/hooks/'))

const endpointOf = (call: string) =>
  endpoints.find(({ method, path }) => new RegExp(`^${method} ${path.replaceAll(/:\w+/g, '[^/]+')}$`).test(call))

/** An unknown field is dropped in silence: one that is misspelt and optional would never be missed. */
function namesTaken(shape: Shape | undefined, value: object | undefined): readonly string[] | undefined {
  if (!shape) return []
  const { success, data } = shape.safeParse(value)
  return success
    ? Object.keys(data as object)
        .filter((name) => Object.hasOwn(value ?? {}, name))
        .toSorted()
    : undefined
}

let served: ServedAuthService
beforeAll(async () => {
  served = await serveAuthService()
})
afterAll(() => served[Symbol.asyncDispose]())

const client = () => duoClient({ baseUrl: served.url, accessToken: () => Promise.resolve('token') })

describe('what the server of this repository declares', () => {
  test.each(routes)('takes %s as it is sent', async (call, ask) => {
    served.seen.length = 0
    await ask(client()).catch(() => undefined)
    const endpoint = endpointOf(call)
    const [sent] = served.seen
    expect(endpoint).toBeDefined()
    // That body is read as it arrives: its shape stands beside the endpoint.
    const shape = endpoint?.path === '/v2/keyshare/backup' ? keyShares.BackupBody : endpoint?.body
    expect(namesTaken(shape, sent?.body)).toEqual(Object.keys(sent?.body ?? {}).toSorted())
    expect(namesTaken(endpoint?.query, sent?.query)).toEqual(Object.keys(sent?.query ?? {}).toSorted())
  })

  test('has no endpoint that the client leaves out', () => {
    const asked = new Set(routes.map(([call]) => endpointOf(call)))
    expect(endpoints.filter((endpoint) => !asked.has(endpoint)).map(({ path }) => path)).toEqual([])
  })

  test('answers as the fake does that the other tests are run against', async () => {
    await using fresh = await serveAuthService()
    const duo = duoClient({ baseUrl: fresh.url, accessToken: () => Promise.resolve('token') })
    const key = await newDeviceKey()
    for (const _ of [1, 2]) await duo.registerUser()
    await duo.getFace()
    for (const _ of [1, 2]) await enrolDevice(duo, key)
    await duo.registerFace(face, await proveDevice(duo, key))
    await Promise.all([duo.getFace(), duo.listDevices(), duo.faceSessionToken(), duo.listTransactions().next()])
    const sealed = Uint8Array.of(1, 2, 3)
    await duo.backUp([{ keyId: 'key-1', sealed }])
    await duo.backUp([{ keyId: 'of-another', sealed }])
    for (const keyIds of [['key-1'], ['key-1', 'key-2']]) await duo.recover(keyIds, face)
    await duo.listKeys()
    await duo.revokeDevice(key.deviceVerifyingKey)
    expect(fresh.seen.filter((one) => !isDeclared(one)).map(({ call, answer }) => [call, answer])).toEqual([])
    expect(new Set(fresh.seen.map(({ call }) => endpointOf(call))).size).toBe(endpoints.length)
  })
})

function isDeclared({ call, answer }: Seen): boolean {
  if (answer === 'hang') return false
  return endpointOf(call)?.reply[answer.status]?.safeParse(answer.body).success === true
}
