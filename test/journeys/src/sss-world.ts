import { eventually } from './eventually.ts'
import type { AppProcess } from '@strongroom/test-world'
import { startSssLca, type World } from '@strongroom/sss-lca/testing'

/** sss-lca as production runs it: one process that answers, and apart from it one that works. */
export interface SssWorld extends AsyncDisposable {
  readonly world: World
  readonly api: AppProcess
  readonly worker: AppProcess
  /** With the base path: what a client is told. */
  readonly apiUrl: string
  /** What an address was sent whose subject or text says so; waits for it. Newest. */
  messageTo(address: string, saying: string): Promise<string>
}

export async function startSssWorld(settings: Readonly<Record<string, string>> = {}): Promise<SssWorld> {
  const world = await startSssLca({ processes: 0, settings })
  try {
    const api = await world.app.spawn({}, '--role=api')
    const worker = await world.app.spawn({}, '--role=worker')
    return {
      world,
      api,
      worker,
      apiUrl: `${api.baseUrl}/api`,
      messageTo: (address, saying) => readMessage(world, address, saying),
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}

async function readMessage({ app }: World, address: string, saying: string): Promise<string> {
  let found: string | undefined
  await eventually(`${address} is told "${saying}"`, async () => {
    const told = (await app.messagesTo(address)).map(({ subject, text }) => `${subject}\n${text}`)
    found = told.findLast((text) => text.includes(saying))
    return found !== undefined
  })
  return found ?? ''
}
