import { describe, expect, test } from 'vitest'
import { canary, isAbout, spoil } from './bad-positions.ts'
import { type Answered, type Asked, refused, told, type World } from './client.ts'

/** A route that takes a body, and a good one. */
export interface Route {
  readonly what: string
  readonly method: string
  readonly path: () => string
  readonly body: unknown
  /** What is no fault after all, at which place. */
  readonly mayBe?: (pointer: string, value: unknown) => boolean
  /** Characters that are too many. */
  readonly tooLong?: number
}

const TOO_LONG = 300_000

const count = (name: string) => `(select count(*)::int from ${name}) as "${name}"`

/** How many rows there are of everything that requests leave behind. */
async function stateOf({ app }: World) {
  const tables = await app.sql(`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema = 'identity' order by 1`)
  const names = [...tables.map(({ name }) => String(name)), 'audit.events', 'guesses.budgets']
  return (await app.sql(`select ${names.map(count).join(', ')}`))[0]
}

/** Asks all of them; nothing may have been stored, and no answer repeats what was sent. */
async function refuseAll(world: World, all: readonly Asked[], check: (answer: Answered, index: number) => void) {
  const before = await stateOf(world)
  for (const [index, asked] of all.entries()) {
    const answer = await world.ask(asked)
    check(answer, index)
    expect(answer.text).not.toContain(canary)
    expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
  }
  expect(await stateOf(world)).toEqual(before)
}

const fieldsOf = ({ body }: Answered): string[] =>
  (body as { errors: { meta?: { field: string; error: string } }[] }).errors.flatMap(({ meta }) => meta?.field ?? [])

const unreadable = refused(400, { detail: 'Your request was invalid in some way' })

/** Of each route: every fault is told at its place, whoever asks, and nothing comes of it. */
export const describeBadBodies = (worldOf: () => World, routes: readonly Route[]) =>
  describe.each(routes)('$what ($method)', ({ method, path, body, mayBe = () => false, tooLong = TOO_LONG }) => {
    test('is told each fault at its place, and not what it was', async () => {
      const spoilt = spoil(body, mayBe).filter(({ value, pointer }) => !(pointer === '' && value === undefined))
      expect(spoilt.length).toBeGreaterThan(15)
      await refuseAll(
        worldOf(),
        spoilt.map((one) => ({ method, path: path(), body: JSON.stringify(one.body) })),
        (answer, index) => {
          const { pointer, value } = spoilt[index] ?? { pointer: '', value: null }
          const where = `${pointer}: ${JSON.stringify(value)?.slice(0, 40) ?? 'left out'}: ${answer.text.slice(0, 200)}`
          expect(answer.status, `of ${where}`).toBe(400)
          const fields = fieldsOf(answer)
          // Which password is meant is told of those that are included.
          const isRelation = pointer.startsWith('/data/relationships') && fields.includes('/included')
          expect(isRelation || fields.some((field) => isAbout(field, pointer)), `of ${where}`).toBe(true)
        },
      )
    })

    test('is JSON, whole, in UTF-8', async () => {
      const broken = [
        `{"data":"${canary}`,
        `{"data":"${canary}"} {}`,
        `{"data":${canary}}`,
        '['.repeat(5000),
        'undefined',
      ]
      await refuseAll(
        worldOf(),
        broken.map((text) => ({ method, path: path(), body: text })),
        (answer) => expect(told(answer)).toEqual(unreadable),
      )
      const latin1 = Buffer.from(JSON.stringify(body).replace('{', '{"x":"\xff",'), 'latin1')
      const answer = await fetch(`${worldOf().app.baseUrls[0] ?? ''}${path()}`, {
        method,
        headers: { 'content-type': 'application/vnd.api+json' },
        body: latin1,
      })
      expect([answer.status, await answer.text()]).toEqual(unreadable)
    })

    test('is there', async () => {
      await refuseAll(
        worldOf(),
        [
          { method, path: path() },
          { method, path: path(), body: '' },
        ],
        (answer) => expect(told(answer)).toEqual(refused(400, { detail: 'Request body was expected' })),
      )
    })

    test('is of JSON:API’s media type, or of JSON’s', async () => {
      const bad = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/vnd.api+json; charset=utf-16',
        canary,
      ]
      await refuseAll(
        worldOf(),
        bad.map((type) => ({ method, path: path(), body, headers: { 'content-type': type } })),
        (answer) => expect(told(answer)).toEqual(refused(415)),
      )
      const good = ['application/json', 'Application/JSON; charset="UTF-8"', 'application/vnd.api+json; charset=utf-8']
      await refuseAll(
        worldOf(),
        good.map((type) => ({ method, path: path(), body: { data: canary }, headers: { 'content-type': type } })),
        ({ status }) => expect(status).toBe(400),
      )
    })

    test('has an end', async () => {
      const more = canary.repeat(tooLong / canary.length)
      await refuseAll(worldOf(), [{ method, path: path(), body: { ...(body as object), more } }], (answer) =>
        expect(told(answer)).toEqual(refused(413)),
      )
    })
  })
