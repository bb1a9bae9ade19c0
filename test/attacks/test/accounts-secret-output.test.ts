import { addition, beginTwoFactor, chainOf, signedBy } from '@strongroom/mpc-auth/testing/chain'
import { type AccountsWorld, newKey, personOf, refused, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Aviary, type Canary } from '../src/attacker/canaries.ts'
import { KnownHashes, listQuickDerivations, tryDerivations } from '../src/attacker/pin-hashes.ts'
import { gatherIngredients } from '../src/cases/offline-attack.ts'
import { askAll, judgeOutput } from '../src/cases/secret-output.ts'
import { ask, drawFrom, drawSeed, type DumpedCell, dumpDatabase, findLeaks, type Question } from '../src/index.ts'
import { asks } from './accounts.ts'
import { addDevice, approvalOf, changeIn, settle, type Settled } from './accounts-devices.ts'
import { keepEveryJob } from './kept-jobs.ts'
import { baseUrlOf } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

interface Operation {
  readonly method: string
  readonly path: string
  readonly fields: readonly string[]
}

/** Every endpoint that the app says it has, with the names of its fields. */
async function operationsOf(baseUrl: string): Promise<Operation[]> {
  const { body } = await ask({ method: 'GET', url: `${baseUrl}/openapi.json` })
  const { paths } = JSON.parse(body) as { paths: Record<string, Record<string, object>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      fields: [
        ...new Set(
          [...JSON.stringify(operation).matchAll(/"(\w+)":\{"(?:type|anyOf|oneOf|enum|const)"/g)].map(
            ([, name = '']) => name,
          ),
        ),
      ],
    })),
  )
}

const textOf = (cells: readonly DumpedCell[]): string =>
  cells
    .flatMap(({ value }) =>
      typeof value === 'string' ? [value] : [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('hex')],
    )
    .join('\n')

const found = (canaries: readonly Canary[], text: string): string[] => [
  ...new Set(findLeaks(canaries, 'text', text).map(({ canary }) => canary)),
]

describe(`cases 5 and 21, secrets of accounts in what comes out, ${repeat}`, { timeout: 300_000 }, () => {
  let world: AccountsWorld
  let ann: Settled
  let appSecret: string
  const lived = new Aviary(randomness)
  const subject = lived.release('login subject', (token) => `${token}@mail.example.com`)
  const device = () => ({
    name: lived.release('device name', (token) => `Ann's ${token}`),
    pushToken: lived.release('push token'),
    osName: lived.release('operating system'),
    osVersion: lived.release('its version'),
    sdkVersion: lived.release('sdk'),
    deviceManufacturer: lived.release('manufacturer'),
    deviceModel: lived.release('model'),
    lang: lived.release('language'),
  })
  const watchToken = (name: string, token: string) => {
    const [, claims = '', signature = ''] = token.split('.')
    const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { jti: string }
    lived.watch(`signature of ${name}`, Buffer.from(signature))
    lived.watch(`${name}’s random part`, Buffer.from(jti))
    lived.watch(`${name}’s random bytes`, Buffer.from(jti, 'base64url'))
  }

  beforeAll(async () => {
    world = await startAccounts({ settings: { LOG_LEVEL: 'debug' } })
    await keepEveryJob(world.app)
    ann = await settleWithNames()
    await live(ann)
  }, 180_000)
  afterAll(() => world[Symbol.asyncDispose]())

  async function settleWithNames(): Promise<Settled> {
    const settled = await settle(personOf(world, { subject }))
    const answer = await asks(world, settled.token)('PUT', `/device/v1/devices/${settled.phone.publicKey}`, device())
    expect(answer.status).toBe(200)
    return settled
  }

  /** Everything happens once; what is left waits. */
  async function live(settled: Settled): Promise<void> {
    const { person, phone, token, address, refreshToken } = settled
    for (const [name, one] of [
      ['access token', token],
      ['refresh token', refreshToken],
    ] as const)
      watchToken(name, one)
    const tablet = await addDevice(world, settled)
    watchToken('token that waits', tablet.requestToken)
    await asks(world, tablet.token)('PUT', `/device/v1/devices/${tablet.key.publicKey}`, device())
    const [cloud, chain] = [newKey(), chainOf(world)]
    const recoveryKey = { publicKey: cloud.publicKey, cloudKey: { accountName: lived.release('cloud') } }
    expect((await person.post('/key/v1/recovery', { recoveryKey }, token)).status).toBe(200)
    const body = await signedBy(chain, await chain.describeChange(address, addition(cloud)), [phone])
    const { id, digest } = changeIn(await person.post('/sign/v1/evm/transaction', body, token))
    const signature = tablet.key.sign(approvalOf({ digest }))
    lived.watch('an approval', Buffer.from(signature, 'hex'))
    const approval = { publicKey: tablet.key.publicKey, signature }
    expect((await person.post(`/sign/v1/changes/${id}/approve`, { approval }, tablet.token)).status).toBe(200)
    const next = await person.post('/auth/v1/refresh', { refreshToken })
    watchToken('next refresh token', (next.body as { credentials: { refreshToken: string } }).credentials.refreshToken)
    const third = newKey()
    const asked = { request: person.login, userKey: { type: 'device', publicKey: third.publicKey, device: device() } }
    expect((await person.post('/auth/v1/signin/2fa', asked)).status).toBe(200)
    const { token: waits } = await beginTwoFactor(person, newKey())
    await asks(world, waits)('POST', '/auth/v1/recover')
    const used = await person.challenge(phone.publicKey)
    const answer = phone.sign(used)
    lived.watch('an answer', Buffer.from(answer, 'hex'))
    await person.respond(used, answer)
    for (const [name, data] of [
      ['used challenge', used],
      ['live challenge', await person.challenge(phone.publicKey)],
    ] as const) {
      lived.watch(name, Buffer.from(data))
      lived.watch(`${name}, its bytes`, Buffer.from(data, 'hex'))
    }
    const { output } = await world.app.run('add-app', 'Another wallet')
    appSecret = /^secret (\S+)$/m.exec(output)?.[1] ?? ''
    lived.watch('secret of an app', Buffer.from(appSecret))
    expect((await world.app.run('list-apps')).output).toContain('Another wallet')
  }

  const page = async (path: string) => (await ask({ method: 'GET', url: baseUrlOf(world.app) + path })).body

  it('finds what it looks for where it is told', async () => {
    const { canaries } = new Aviary(randomness)
    expect(found(canaries, 'nothing')).toEqual([])
    expect(found(lived.canaries, `x${subject}y`)).toEqual(['login subject'])
  })

  it('a world in which everything has happened holds no name, address, token or challenge in dump, jobs, log and metrics', async () => {
    const cells = await dumpDatabase(world.app)
    const tables = new Set(cells.map(({ table }) => table))
    for (const table of [
      'keys',
      'identities',
      'two_factor_requests',
      'signer_changes',
      'recoveries',
      'challenges',
      'refresh_tokens',
    ])
      expect(tables).toContain(`chain_accounts.${table}`)
    expect(tables).toContain('attacker.jobs')
    expect(found(lived.canaries, textOf(cells))).toEqual([])
    // The operator who added the app was told its secret, once.
    const log = (await world.app.log()).replace(`secret ${appSecret}\n`, '')
    expect(found(lived.canaries, log)).toEqual([])
    for (const path of ['/metrics', '/openapi.json']) expect(found(lived.canaries, await page(path))).toEqual([])
  })

  it('nor can a guess of a login, an e-mail address or a challenge be confirmed from the dump; and it answers no challenge', async () => {
    const cells = await dumpDatabase(world.app)
    const stored = gatherIngredients(cells)
    const [known, derivations] = [new KnownHashes(stored), listQuickDerivations(stored)]
    for (const guess of [subject, `test ${subject}`, `test|${subject}`, `test:${subject}`, subject.toLowerCase()])
      expect(tryDerivations(guess, derivations, known)).toEqual([])
    // Every value of the dump shown as a challenge, and as a token that refreshes.
    const digests = cells.filter(({ table, column }) => table === 'chain_accounts.challenges' && column === 'digest')
    expect(digests.length).toBeGreaterThan(2)
    for (const { value } of digests) {
      const data = Buffer.from(value as Uint8Array).toString('hex')
      expect(refused(await personAt().respond(data, ann.phone.sign(data)))[1]).toMatch(
        /^(ChallengeNotFound|InvalidAppSecret)$/,
      )
    }
  })
  const personAt = () => personOf(world, { subject })

  it('a secret in each field, header, path and query of each endpoint, and in broken requests, comes out nowhere', async () => {
    const aviary = new Aviary(randomness)
    const baseUrl = baseUrlOf(world.app)
    const operations = await operationsOf(baseUrl)
    expect(operations.length).toBeGreaterThan(20)
    const questions = operations.flatMap((operation) => questionsOf(operation, { baseUrl, aviary, token: ann.token }))
    const line = 'GET /account/v1/me HTTP/1.1\r\nHost: canary.example\r\n'
    const answers = await askAll({
      baseUrl,
      questions,
      broken: [
        `${aviary.release('no HTTP at all')}\r\n\r\n`,
        `${line}Authorization: Bearer ${aviary.release('header with a bad name')}\r\nbad name: x\r\n\r\n`,
        `${line}X-App-Secret: ${aviary.release('header that is too long').repeat(4_000)}\r\n\r\n`,
      ],
    })
    const outputs = {
      log: () => world.app.log(),
      metrics: () => page('/metrics'),
      dump: async () => textOf(await dumpDatabase(world.app)),
    }
    const verdict = await judgeOutput({ answers, aviary, outputs })
    expect(verdict.leaks).toEqual([])
    expect(verdict.unanswered).toBe(0)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(verdict.canaries).toBeGreaterThan(200)
    expect(Math.min(...Object.values(verdict.searched))).toBeGreaterThan(100)
  })
})

interface Cast {
  readonly baseUrl: string
  readonly aviary: Aviary
  readonly token: string
}

/** One endpoint, asked with a secret in each of its parts: without, with a wrong, and with a right token. */
function questionsOf({ method, path, fields }: Operation, { baseUrl, aviary, token }: Cast): Question[] {
  const name = (where: string) => `${where} of ${method} ${path}`
  const hex = (text: string) => Buffer.from(text).toString('hex').padEnd(128, '0')
  const url = baseUrl + path.replaceAll(/\{\w+\}/g, () => aviary.release(name('parameter')))
  const right = { authorization: `Bearer ${token}` }
  const asked = (more: Partial<Question>): Question => ({ method, url, headers: right, ...more })
  const heads: Question[] = [
    asked({ headers: { authorization: `Bearer ${aviary.release(name('token'))}` } }),
    asked({ headers: { authorization: `Bearer ${token}${aviary.release(name('end of a token'))}` } }),
    asked({ headers: { ...right, 'x-app-secret': aviary.release(name('secret of an app')) } }),
    asked({ headers: { ...right, 'x-hyphen-app-secret': aviary.release(name('the other secret')) } }),
    asked({
      url: `${url}?q=${aviary.release(name('query'))}`,
      headers: { ...right, cookie: aviary.release(name('cookie')) },
    }),
  ]
  if (method === 'GET') return heads
  const login = () => ({ method: 'test', token: aviary.release(name('login')), nonce: aviary.release(name('nonce')) })
  const whole = Object.fromEntries(fields.map((field) => [field, aviary.release(name(field))]))
  const deep = {
    ...login(),
    request: login(),
    challengeType: 'deviceKey',
    publicKey: hex(aviary.release(name('key in hex'))),
    challengeData: hex(aviary.release(name('challenge in hex'))).slice(0, 64),
    deviceKey: { signature: hex(aviary.release(name('signature in hex'))) },
    userKey: {
      type: 'device',
      publicKey: newKey().publicKey,
      device: { pushToken: [aviary.release(name('token in a list'))] },
    },
    recoveryKey: {
      publicKey: newKey().publicKey,
      cloudKey: { accountName: { text: aviary.release(name('cloud in an object')) } },
    },
    refreshToken: `${aviary.release(name('head'))}.${aviary.release(name('claims'))}.${aviary.release(name('signature'))}`,
    call: { evm: { message: { data: aviary.release(name('typed data')) } } },
    signatures: [{ publicKey: newKey().publicKey, signature: hex(aviary.release(name('signature of a call'))) }],
    message: Buffer.from(aviary.release(name('message'))).toString('hex'),
  }
  const bodies: (object | string)[] = [
    whole,
    deep,
    aviary.release(name('unquoted JSON')),
    `{"token":"${aviary.release(name('cut JSON'))}`,
    { [aviary.release(name('field'))]: 1 },
    [aviary.release(name('list'))],
  ]
  return [...heads, ...bodies.map((body) => asked({ body }))]
}
