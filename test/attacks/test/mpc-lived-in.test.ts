import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Canary, findLeaks } from '../src/attacker/canaries.ts'
import { KnownHashes, listQuickDerivations, tryDerivations } from '../src/attacker/pin-hashes.ts'
import { gatherIngredients } from '../src/cases/offline-attack.ts'
import { drawFrom, drawSeed, type DumpedCell, dumpDatabase, liveInDuo, waitUntil } from '../src/index.ts'
import { keepEveryJob } from './kept-jobs.ts'
import { duoPlaceOf, type MpcAuth, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** Text as it is; bytes as they are and as hex, in which bytes are looked for. */
const textOf = (cells: readonly DumpedCell[]) =>
  cells
    .flatMap(({ value }) =>
      typeof value === 'string' ? [value] : [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('hex')],
    )
    .join('\n')

const looked = (canaries: readonly Canary[], place: string, text: string): string[] => [
  ...new Set(findLeaks(canaries, place, text).map(({ canary }) => canary)),
]

describe(`case 5, database dump, on the original’s shape, ${repeat}`, () => {
  it('finds shares, subjects, device names and challenges in clear, and tokens in the log', async () => {
    await using world = await startDuoOriginalWithFaces()
    const { canaries } = await liveInDuo({ place: world.place, randomness })
    const found = looked(canaries, 'dump', textOf(world.original.dump()))
    expect(found).toEqual(expect.arrayContaining(['subject', 'device name', 'newer share', 'live challenge']))
    expect(looked(canaries, 'log', await world.original.log())).toContain('subject')
  })
})

describe(`case 5, database dump, on mpc-auth, ${repeat}`, () => {
  let mpc: MpcAuth
  const told: string[] = []
  const receiver = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => void told.push(chunk.toString('utf8')))
    request.on('end', () => response.end())
    told.push(JSON.stringify(request.headers))
  })
  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/events`
    mpc = await startMpcAuth({ settings: { EVENTS_WEBHOOK_URL: url } })
  })
  afterAll(async () => {
    await mpc[Symbol.asyncDispose]()
    receiver.closeAllConnections()
    receiver.close()
  })

  it('finds no share, subject, name, face, challenge or token in dump, jobs, log and webhook; and confirms no subject', async () => {
    const { app, issuer } = mpc.world
    await keepEveryJob(app)
    const { canaries, subject } = await liveInDuo({ place: duoPlaceOf(mpc), randomness })
    await waitUntil('the last event is told', () => told.some((text) => text.includes('device.revoked')))
    const cells = await dumpDatabase(app)
    const tables = ['attacker.jobs', 'key_shares.backups', 'key_shares.events', 'key_shares.challenges']
    expect([...new Set(cells.map(({ table }) => table))]).toEqual(expect.arrayContaining(tables))
    expect(looked(canaries, 'dump', textOf(cells))).toEqual([])
    expect(looked(canaries, 'log', await app.log())).toEqual([])
    expect(looked(canaries, 'webhook', told.join('\n'))).toEqual([])

    // Who may have an account can be listed at the login provider: a hash of it would be as good as the subject itself.
    const stored = gatherIngredients(cells)
    const [known, derivations] = [new KnownHashes(stored), listQuickDerivations(stored)]
    for (const text of [subject, `${issuer.url}${subject}`, `${issuer.url}|${subject}`, `${issuer.url}/${subject}`]) {
      expect(tryDerivations(text, derivations, known)).toEqual([])
    }
  })
})
