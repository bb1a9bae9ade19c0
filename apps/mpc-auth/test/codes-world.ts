import { startFaceStub } from '@strongroom/face-stub'
import { type Answered, newDevice, startMpcAuth, type User, userOf } from './client.ts'

/** One user with all that one can have, and processes whose settings make rare answers common. */
export async function startCodes() {
  const world = await startMpcAuth()
  const ann = userOf(world)
  await ann.register()
  const phone = newDevice()
  await ann.addDevice(phone)
  const keyId = await ann.addKey(phone)
  await ann.addFace(await ann.signed(phone))

  const hanging = await startFaceStub({ failures: 'hang' })
  const [slow, strict] = await Promise.all([
    world.app.spawn({ FACETEC_URL: hanging.url }),
    world.app.spawn({ OIDC_SCOPES: 'mpc:use' }),
  ])

  /** Registered, and nothing besides. */
  const newcomer = async (baseUrl?: string): Promise<User & { userId: string }> => {
    const user = userOf(world, undefined, baseUrl)
    const { user_id: userId } = (await user.register()).body as { user_id: string }
    return { ...user, userId }
  }
  const withFace = async (): Promise<User> => {
    const user = await newcomer()
    await user.addFace()
    return user
  }
  return {
    world,
    ann,
    phone,
    keyId,
    newcomer,
    withFace,
    /** Where every token lacks a scope. */
    strictUrl: strict.baseUrl,
    /** What a face server is asked that never answers: the wait is long, so it begins here. */
    unanswered: userOf(world, ann.subject, slow.baseUrl).get('/auth/face/session-token'),
    async stop() {
      await world[Symbol.asyncDispose]()
      await hanging.close()
    },
  }
}

/** An answer to a list, its text cut to what its first item is refused with. */
export function firstItem(answer: Answered): Answered {
  const { keyshares } = answer.body as { keyshares: { error?: object }[] }
  return { ...answer, text: JSON.stringify({ error: keyshares[0]?.error }) }
}
