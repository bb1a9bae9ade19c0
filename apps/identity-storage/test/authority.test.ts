import type { ObjectStore } from '@strongroom/object-store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callers, newPeople } from './callers.ts'
import { refused, startIdentityStorage, told, type World } from './client.ts'
import { keepingRows } from './keeping-rows.ts'
import { partnerOf } from './partners.ts'
import { peopleRows } from './people-rows.ts'
import { asking } from './resources.ts'
import type { Scene } from './scene.ts'
import { settingsOf, startStore } from './stores.ts'
import { typeRows } from './type-rows.ts'
import { walletRows } from './wallet-rows.ts'

let store: ObjectStore
let world: World
let scene: Scene
beforeAll(async () => {
  store = await startStore()
  world = await startIdentityStorage({ settings: settingsOf(store) })
  const people = await newPeople(world)
  scene = { world, people, account: people.owner.accountId }
  await partnerOf(world, people.owner)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await store.close()
})

const rows = [...walletRows, ...keepingRows, ...peopleRows, ...typeRows]
const bare = refused(401)

test.each(rows)('who may %s: %s', async (...[operation, , expected, request]) => {
  const [method = ''] = operation.split(' ')
  const answered: unknown[] = []
  for (const caller of callers) {
    const [path, body] = await request(scene, caller)
    const answer = await world.ask(asking([method, path], body, scene.people.keys[caller]))
    // Whoever may not is told that, and no more.
    answered.push(told(answer).join() === bare.join() || answer.status !== 401 ? answer.status : answer.text)
  }
  expect(answered).toEqual(expected)
})

test('every operation of the API is among them', async () => {
  const { paths } = (await world.ask({ path: '/openapi.json' })).body as { paths: Record<string, object> }
  const operations = Object.entries(paths).flatMap(([path, ways]) =>
    Object.keys(ways).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(operations.toSorted()).toEqual([...new Set(rows.map(([operation]) => operation))].toSorted())
})
