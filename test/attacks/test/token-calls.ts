import { once } from 'node:events'
import type { AppProcess } from '@strongroom/test-world'

/** What a process of `counted-identity.ts` asked its token on the way, each call with its use; in no order, as some go at once. */
export async function callsOf({ child }: Pick<AppProcess, 'child'>, act: () => Promise<unknown>): Promise<string[]> {
  const tell = async (): Promise<readonly string[]> => {
    const told = once(child, 'message') as Promise<[{ calls: readonly string[] }]>
    child.send('tell')
    const [{ calls }] = await told
    return calls
  }
  await tell()
  await act()
  return (await tell()).toSorted()
}
