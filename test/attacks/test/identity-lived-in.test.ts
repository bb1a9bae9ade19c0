import { createHash } from 'node:crypto'
import { encodeTuple } from '@strongroom/crypto'
import { describe, expect, it } from 'vitest'
import { type Canary, findLeaks } from '../src/attacker/canaries.ts'
import { gatherIngredients } from '../src/cases/offline-attack.ts'
import {
  ask,
  digestOf,
  drawFrom,
  drawSeed,
  type DumpedCell,
  dumpDatabase,
  guessPasswords,
  liveInIdentity,
  standsAlone,
  startIdentityOriginal,
  waitUntil,
  walletIdOf,
} from '../src/index.ts'
import { identityPlaceOf, NETWORK, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { keepEveryJob } from './kept-jobs.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const candidates = ['correct horse', 'hunter2', 'tr0ub4dor&3', 'password1']
const network = { networkPassphrase: NETWORK, randomness }

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
  it('finds ids, addresses, keychains, seeds, tokens and codes in clear, ids in the log; and a password in four guesses', async () => {
    await using original = await startIdentityOriginal()
    const { canaries, codes, login, keys } = await liveInIdentity({ ...network, place: originalPlaceOf(original) })
    const cells = original.dump()
    expect(looked(canaries, 'dump', textOf(cells))).toEqual(
      expect.arrayContaining([
        'id of the last thief',
        'address',
        'keychain of the last thief',
        'TOTP seed',
        'private text',
      ]),
    )
    expect(codes.filter((code) => standsAlone(code, textOf(cells)))).not.toEqual([])
    expect(looked(canaries, 'log', await original.log())).toContain('id first')
    expect(keys).toHaveLength(3)
    // The id is there as it is: what a password gives needs no more than to be looked for.
    expect(login.password).toBe(candidates[2])
  })
})

describe(`case 5, database dump, on identity-storage, ${repeat}`, () => {
  it.each(['compat', 'strict'] as const)(
    'finds none of all that in dump, jobs, log, metrics and documents; and no value tells whether a password is right, %s',
    async (profile) => {
      await using world = await startIdentity({ settings: { SIGNATURES: profile } })
      const { app } = world
      await keepEveryJob(app)
      const place = identityPlaceOf(world, { profile })
      const { canaries, codes, login, keys } = await liveInIdentity({ ...network, place })
      await waitUntil('all mails are sent', async () => {
        const open = await app.sql('select from identity.messages where sent_at is null and failed_at is null')
        return open.length === 0
      })
      const cells = await dumpDatabase(app)
      const tables = [
        'attacker.jobs',
        'identity.wallets',
        'identity.changes',
        'identity.holds',
        'identity.factor_tokens',
        'identity.sessions',
        'codes.codes',
      ]
      expect([...new Set(cells.map(({ table }) => table))]).toEqual(expect.arrayContaining(tables))
      expect(canaries.length).toBeGreaterThan(30)
      expect(codes.length).toBeGreaterThan(1)
      const page = async (path: string) => (await ask({ method: 'GET', url: place.baseUrl + path })).body
      const outputs = {
        dump: textOf(cells),
        log: await app.log(),
        metrics: await page('/metrics'),
        document: await page('/openapi.json'),
      }
      for (const [name, text] of Object.entries(outputs)) {
        expect([name, looked(canaries, name, text)]).toEqual([name, []])
        expect([name, codes.filter((code) => standsAlone(code, text))]).toEqual([name, []])
        expect(text.length).toBeGreaterThan(100)
      }

      const stored = gatherIngredients(cells)
      const ofUs = gatherIngredients(cells.filter(({ table }) => /^(identity|codes|proofs)\./.test(table)))
      const seen = await app.sql('select expires_at from proofs.seen_signatures')
      const ends = seen.map(({ expires_at: end }) => end as Date)
      expect(ends.length > 0).toBe(profile === 'strict')
      expect(guessPasswords({ login, candidates, stored, salts: ofUs, keys, ends })).toEqual([])
    },
    180_000,
  )

  it('what would tell is seen to tell: a plain digest of an id, a request, a signing string', async () => {
    const login = { email: 'ann@example.com', salt: Buffer.alloc(16, 7).toString('base64'), password: 'tr0ub4dor&3' }
    const id = walletIdOf(login)
    const sha = (text: string | Uint8Array) => createHash('sha256').update(text).digest()
    const end = new Date(Math.floor(Date.now() / 1000) * 1000)
    const date = new Date(end.getTime() - 3_600_000).toUTCString()
    const text = `(request-target): delete /wallets/${id}/factors/3\ndate: ${date}\ndigest: ${digestOf('')}`
    const planted = [sha(id), sha(`GET /wallets/${id}`), sha(encodeTuple('wallet', id)), sha(encodeTuple('G', text))]
    for (const bytes of planted) {
      const stored = [{ name: 'planted', bytes }]
      const hits = guessPasswords({ login, candidates, stored, salts: [], keys: ['G'], ends: [end] })
      expect(hits.map(({ pin }) => pin)).toEqual([login.password])
    }
  })
})
