import { kill, type Process } from './processes.ts'
import type { State } from './state.ts'

const marks = {
  app: 'apps/key-server/src/main.ts',
  postmaster: '/data\0-p\0',
  backend: 'postgres: key_server_runtime',
}

export type Victim = keyof typeof marks

/** The newest one that runs in this state. */
export const findVictim = (state: State, victim: Victim): Process | undefined =>
  state
    .processes()
    .filter(({ traces }) => traces.includes(marks[victim]))
    .toSorted((a, b) => Number(b.startedAt) - Number(a.startedAt))[0]

/** `kill -9`. False where none runs, at this moment. */
export function strike(state: State, victim: Victim): boolean {
  const found = findVictim(state, victim)
  if (found) kill(found.pid, 'SIGKILL')
  return found !== undefined
}
