import { expect } from 'vitest'
import type { Caller, People } from './callers.ts'
import { newEmail, type World } from './client.ts'
import { asking, blob, document, listIn, resourceIn } from './resources.ts'

/** Everybody around one account, whose owner has a key stored beside. */
export interface Scene {
  readonly world: World
  readonly people: People
  /** `G…`: the owner's. */
  readonly account: string
}

type Asked = readonly [path: string, body?: unknown]

/** Made anew for each caller. */
export type Request = (scene: Scene, caller: Caller) => Promise<Asked> | Asked

/** Status for unsigned, stranger, owner, recovering, sale owner, administrator. */
export type Statuses = readonly [number, number, number, number, number, number]

/** An operation as the API's document calls it, what it is done with, and who may. */
export type Row = readonly [operation: string, what: string, Statuses, Request]

export const administrators: Statuses = [401, 401, 401, 401, 401, 200]
export const administratorsEmpty: Statuses = [401, 401, 401, 401, 401, 204]
export const ownerOrAdministrator: Statuses = [401, 401, 200, 401, 401, 200]
export const anybody: Statuses = [200, 200, 200, 200, 200, 200]
export const anybodyEmpty: Statuses = [204, 204, 204, 204, 204, 204]
export const created: Statuses = [201, 201, 201, 201, 201, 201]
/** Of whom a factor is demanded then. */
export const ownerAsked: Statuses = [401, 401, 403, 401, 401, 401]

/** Made by the owner of the account; answers the id. */
async function made({ world, people }: Scene, path: string, body: unknown): Promise<string> {
  const answer = await world.ask(asking(['POST', path], body, people.keys.owner))
  expect([answer.status, answer.text]).toEqual([expect.any(Number), expect.stringMatching(/"id"/)])
  return resourceIn(answer).id
}

/** A private blob that an administrator made for nobody. */
export const blobOfNobody = async ({ ask, admin }: Pick<World, 'ask' | 'admin'>): Promise<string> =>
  resourceIn(await ask(asking(['POST', '/blobs'], blob('kyc_form', newEmail()), admin))).id

export const blobOf = (scene: Scene, type: string) =>
  made(scene, `/accounts/${scene.account}/blobs`, blob(type, newEmail()))

export const documentOf = (scene: Scene, type: string) =>
  made(scene, `/accounts/${scene.account}/documents`, document(type))

export async function newNobody({ ask }: Pick<World, 'ask'>, given: object = { email: newEmail() }): Promise<string> {
  const answer = await ask(asking(['POST', '/identities'], { data: { attributes: given } }))
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return String(resourceIn(answer).attributes['address'])
}

/** Invited by an administrator; answers the invite's id. */
export async function invited({ ask, admin }: Pick<World, 'ask' | 'admin'>, data: object): Promise<string> {
  expect((await ask(asking(['POST', '/invites'], { data }, admin))).status).toBe(204)
  return listIn(await ask(asking(['GET', '/invites?page[limit]=1'], undefined, admin)))[0]?.id ?? ''
}
