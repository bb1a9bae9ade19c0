import type { AppProcess } from '@strongroom/test-world'
import { expect } from 'vitest'
import { kill } from './key-server.ts'

/** What was killed where. A point that nobody died at is no test of it. */
export function countKills() {
  const killed: string[] = []
  return {
    /** A process that lives now and is gone then, by SIGKILL and by nothing else. */
    async at(point: string, process: Pick<AppProcess, 'child'>): Promise<void> {
      const { child } = process
      expect([point, child.exitCode, child.signalCode]).toEqual([point, null, null])
      await kill(process)
      expect([point, child.exitCode, child.signalCode]).toEqual([point, null, 'SIGKILL'])
      killed.push(point)
    },
    /** Points at which somebody was killed, in their order, as often as it happened. */
    points: (): readonly string[] => killed,
  }
}
