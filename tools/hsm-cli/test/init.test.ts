import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { sentenceFor } from '../src/init/decline.ts'
import { type AppWorld, appWorld } from './app-world.ts'
import { pinOf, run, scratch } from './command-line.ts'

interface Done {
  readonly transcript: string
  readonly publicKey: string
  readonly keys: readonly { readonly token: string; readonly made: boolean }[]
  readonly canaryOpenedOn: readonly string[]
}

const files = scratch()
afterAll(() => files[Symbol.dispose]())

let named = 0
const newTranscript = () => join(files.path, `transcript-${String(++named)}.jsonl`)
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const isProvisioned = async ({ database }: AppWorld) =>
  (await database.one(z.object({ there: z.boolean() }), sql`select to_regclass('keystore.keys') is not null as there`))
    .there

describe('with a second token', () => {
  let world: AppWorld
  let done: Done
  beforeAll(async () => {
    world = await appWorld('key-server')
    await world.addToken()
    const transcript = newTranscript()
    const args = [
      'init',
      '--app',
      'key-server',
      '--yes',
      '--json',
      '--transcript',
      transcript,
      '--present',
      'two of us',
    ]
    const { code, said, told } = await run(args, { env: world.env })
    if (code !== 0) throw new Error(told)
    done = JSON.parse(said) as Done
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const verify = (path: string, key = done.publicKey) =>
    run(['transcript', 'verify', path, '--public-key', key, '--json'])
  const changed = (change: (text: string) => string) => {
    const path = newTranscript()
    writeFileSync(path, change(readFileSync(done.transcript, 'utf8')))
    return path
  }

  test('keys are made on both, and the canary opened on each', () => {
    expect(done.canaryOpenedOn).toEqual(['key-server', 'key-server-second'])
    expect(done.keys.every(({ made }) => made)).toBe(true)
    expect([...new Set(done.keys.map(({ token }) => token))].toSorted()).toEqual([
      'key-server',
      'key-server-second',
      'recovery token',
    ])
  })

  test('the transcript says what was done, on which tokens, and holds no secret', () => {
    const lines = linesOf(done.transcript)
    expect([...new Set(lines.map(({ event }) => event))]).toEqual([
      'begun',
      'key',
      'canary',
      'token',
      'public-key',
      'signature',
    ])
    expect(lines[0]).toMatchObject({ app: 'key-server', present: 'two of us' })
    expect(lines.filter(({ event }) => event === 'token').map(({ serial }) => serial)).toEqual([
      expect.stringMatching(/\w/),
      expect.stringMatching(/\w/),
    ])
    expect(readFileSync(done.transcript, 'utf8')).not.toContain(pinOf(world.token))
  })

  test('it verifies by the key that was written down', async () => {
    expect(await verify(done.transcript)).toMatchObject({ code: 0, said: expect.stringContaining('"ok": true') })
    expect(await verify(done.transcript, files.file('pinned', `${done.publicKey}\n`))).toMatchObject({ code: 0 })
  })

  test('a changed line, a missing end and another key are noticed', async () => {
    const bad = { code: 1, said: expect.stringContaining('"ok": false') }
    expect(await verify(changed((text) => text.replace('two of us', 'one of us')))).toMatchObject(bad)
    expect(await verify(changed((text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)))).toMatchObject(
      bad,
    )
    expect(
      await verify(changed((text) => text.replace('"deployment":"strongroom"', '"deployment":"other"'))),
    ).toMatchObject(bad)
    const generator =
      '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
    expect(await verify(done.transcript, generator)).toMatchObject(bad)
    expect(await verify(done.transcript, 'abcd')).toMatchObject({ code: 2 })
  })

  test('again: nothing is made, and a transcript is never written over', async () => {
    const again = await run(['init', '--app', 'key-server', '--yes', '--json', '--transcript', newTranscript()], {
      env: world.env,
    })
    expect((JSON.parse(again.said) as Done).keys.some(({ made }) => made)).toBe(false)
    const over = await run(['init', '--app', 'key-server', '--yes', '--transcript', done.transcript], {
      env: world.env,
    })
    expect([over.code, over.told]).toEqual([2, expect.stringMatching(/EEXIST.*not there yet/)])
  })
})

describe('with one device', () => {
  const init = (...args: readonly string[]) => ['init', '--app', 'mpc-auth', '--transcript', newTranscript(), ...args]

  test('nobody is asked: nothing is made without a reason', async () => {
    await using world = await appWorld('mpc-auth')
    const silent = await run(init('--yes'), { env: world.env })
    expect([silent.code, silent.told]).toEqual([2, expect.stringContaining('--without-second-device')])
    expect(await isProvisioned(world)).toBe(false)
    const reasoned = init('--yes', '--without-second-device', 'the second is on its way')
    expect(await run(reasoned, { env: world.env })).toMatchObject({ code: 0 })
    const [, , , , path = ''] = reasoned
    expect(linesOf(path)).toContainEqual(
      expect.objectContaining({ event: 'second-device-declined', reason: 'the second is on its way' }),
    )
  })

  test('a person declines by typing the sentence, and by nothing else', async () => {
    await using world = await appWorld('mpc-auth')
    expect(await run(init(), { env: world.env, types: ['yes'] })).toMatchObject({ code: 1 })
    expect(await isProvisioned(world)).toBe(false)
    const args = init()
    expect(await run(args, { env: world.env, types: [sentenceFor('mpc-auth')] })).toMatchObject({ code: 0 })
    expect(linesOf(args[4] ?? '')).toContainEqual(expect.objectContaining({ sentence: sentenceFor('mpc-auth') }))
  })

  test('a clone by other means opens the canary, and a stranger does not', async () => {
    await using world = await appWorld('mpc-auth')
    await world.provision()
    const clone = cloneOf(world.token)
    const args = [
      '--yes',
      '--clone-token',
      'mpc-auth',
      '--clone-module',
      clone.module,
      '--clone-module-env',
      clone.variables,
      '--clone-pin-file',
      files.file('clone-pin', pinOf(world.token)),
    ]
    const { code, said, told } = await run(init(...args, '--json'), { env: world.env })
    expect([code, told]).toEqual([0, expect.any(String)])
    expect((JSON.parse(said) as Done).canaryOpenedOn).toEqual(['mpc-auth', 'mpc-auth'])

    const stranger = await softToken({ label: 'stranger' })
    const other = [
      '--yes',
      '--clone-token',
      'stranger',
      '--clone-module',
      stranger.module.path,
      '--clone-module-env',
      Object.entries(stranger.module.environment ?? {})
        .map((one) => one.join('='))
        .join(','),
      '--clone-pin-file',
      files.file('stranger-pin', pinOf(stranger)),
      '--state-directory',
      files.path,
    ]
    const refused = await run(init(...other), { env: world.env })
    expect([refused.code, refused.told]).toEqual([
      1,
      expect.stringMatching(/does not hold the key "strongroom\/mpc-auth/),
    ])
    await stranger.remove()
  })
})

/** What a vendor’s tool would make of SoftHSM: its files on another disk. */
function cloneOf(token: SoftToken) {
  const home = join(files.path, 'clone')
  cpSync(join(token.directory, 'tokens'), join(home, 'tokens'), { recursive: true })
  const module = join(home, basename(token.module.path))
  cpSync(token.module.path, module)
  const configuration = readFileSync(join(token.directory, 'softhsm2.conf'), 'utf8').replace(token.directory, home)
  const conf = files.file('clone.conf', configuration)
  if (!existsSync(module)) throw new Error('the clone was not made')
  return { module, variables: `SOFTHSM2_CONF=${conf}` }
}
