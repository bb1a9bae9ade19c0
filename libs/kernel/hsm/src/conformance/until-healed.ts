import { setTimeout as sleep } from 'node:timers/promises'
import { HsmUnavailable } from '../errors.ts'
import type { TokenHealth } from '../keystore.ts'

const TRIES = 1500
const PAUSE_MS = 20

/** Waits until `check` passes; throws after half a minute. */
export async function untilHealed(keystore: Pick<TokenHealth, 'check'>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await isHealthy(keystore)) return
    await sleep(PAUSE_MS)
  }
  throw new Error('the keystore did not heal')
}

async function isHealthy(keystore: Pick<TokenHealth, 'check'>): Promise<boolean> {
  try {
    await keystore.check()
    return true
  } catch (error) {
    if (error instanceof HsmUnavailable) return false
    throw error
  }
}
