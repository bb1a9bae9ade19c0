import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret } from './secret.ts'

const word = 'correct horse'
const forms = [word, Buffer.from(word).toString('hex'), Buffer.from(word).toString('base64'), '99, 111, 114']

const holder = () => ({ user: 'alice', nested: [{ pin: new Secret(word) }], map: new Map([['pin', new Secret(word)]]) })

function written(write: (console: Console) => void): string {
  let text = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  write(new Console({ stdout, stderr: stdout }))
  return text
}

class RefusedPin extends Error {
  readonly details = holder()
}

describe('a secret that is printed says [secret]', () => {
  test.each([
    { way: 'String()', text: () => String(new Secret(word)) },
    { way: 'toString', text: () => new Secret(word).toString() },
    { way: 'a template', text: () => `pin ${new Secret(word) as unknown as string}` },
    { way: 'concatenation', text: () => 'pin ' + (new Secret(word) as unknown as string) },
    { way: 'join', text: () => [new Secret(word)].join() },
    { way: 'JSON.stringify', text: () => JSON.stringify(new Secret(word)) },
    { way: 'JSON.stringify of a holder', text: () => JSON.stringify(holder()) },
    { way: 'util.inspect', text: () => inspect(new Secret(word)) },
    { way: 'util.inspect of a holder', text: () => inspect(holder(), { depth: null, showHidden: true }) },
    { way: 'console.log of a holder', text: () => written((console) => console.log(holder())) },
    {
      way: 'console.log with %s, %j and %o',
      text: () => written((c) => c.log('%s %j %o', ...[1, 2, 3].map(() => new Secret(word)))),
    },
    { way: 'a structured error', text: () => inspect(new RefusedPin('refused'), { depth: null }) },
    { way: 'a structured error, in JSON', text: () => JSON.stringify(new RefusedPin('refused')) },
    { way: 'the cause of an error', text: () => inspect(new Error('refused', { cause: new Secret(word) })) },
    { way: 'a JSON body made key by key', text: () => JSON.stringify(Object.entries({ pin: new Secret(word) })) },
  ])('$way', ({ text }) => {
    const printed = text()
    for (const form of forms) expect(printed).not.toContain(form)
    expect(printed).toContain('[secret]')
  })
})

describe('a secret does not come along where nothing can be printed', () => {
  test.each([
    {
      way: 'util.inspect without the custom form',
      copy: (secret: Secret) => inspect(secret, { customInspect: false, showHidden: true }),
    },
    {
      way: 'console.dir, which leaves out the custom form',
      copy: (pin: Secret) => written((console) => console.dir({ pin }, { depth: null })),
    },
    { way: 'structuredClone', copy: (secret: Secret) => inspect(structuredClone({ secret }), { depth: null }) },
    { way: 'Object.assign', copy: (secret: Secret) => JSON.stringify(Object.assign({}, secret)) },
    { way: 'Object.entries', copy: (secret: Secret) => inspect(Object.entries(secret)) },
  ])('$way', ({ copy }) => {
    for (const form of forms) expect(copy(new Secret(word))).not.toContain(form)
  })
})

test('expose is the way out', () => {
  expect(Buffer.from(new Secret(word).expose()).toString()).toBe(word)
  expect(new Secret(word).length).toBe(13)
})

test('it is compared with another secret or with bytes', () => {
  const secret = new Secret(word)
  expect(secret.equals(new Secret(word))).toBe(true)
  expect(secret.equals(Buffer.from(word))).toBe(true)
  expect(secret.equals(new Secret('correct horsf'))).toBe(false)
  expect(secret.equals(new Secret(''))).toBe(false)
})

test('wiped, its bytes are zeros', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const secret = new Secret(bytes)
  secret.wipe()
  expect(secret.expose()).toEqual(new Uint8Array(3))
  expect(bytes).toEqual(new Uint8Array(3))
})

test('two passwords that differ in a lone surrogate are not one secret', () => {
  expect(() => new Secret('\ud800')).toThrow('not valid UTF-8')
})
