import { Secret } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { expect, test } from 'vitest'
import { proveApplicationKey } from './prove-application-key.ts'

const prove = (brought: string | undefined, expected: string | undefined) =>
  proveApplicationKey.prove(
    {
      method: 'POST',
      target: '/',
      rawHeaders: [],
      ip: '127.0.0.1',
      body: new Uint8Array(),
      input: { params: undefined, query: undefined, body: undefined },
      headers: brought === undefined ? {} : { 'x-application-key': brought },
    },
    { applicationKey: expected === undefined ? undefined : new Secret(expected) },
  )

test('where none is configured, none is demanded', () => {
  expect([prove(undefined, undefined), prove('any', undefined)]).toEqual([undefined, undefined])
})

test('the right one passes', () => {
  expect(prove('the-key', 'the-key')).toBeUndefined()
})

test.each([undefined, '', 'the-kez', 'the-key ', 'THE-KEY', 'the-key, the-key'])('%j is refused', (brought) => {
  const refused = prove(brought, 'the-key')
  expect(refused instanceof Refusal && refused.kind).toBe('application-key-refused')
})
