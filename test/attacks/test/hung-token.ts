import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shimFaults, softToken } from '@strongroom/hsm/testing'
import type { Settings } from '@strongroom/test-world'

export interface HungToken extends AsyncDisposable {
  /** For an app that works with this token instead of its own, in a process. */
  readonly settings: Settings
  /** From now on whatever asks the token for a computation waits. */
  hang(): Promise<void>
  goOn(): Promise<void>
}

/** A token behind a module that can be made to hang, as a device does behind a broken network. */
export async function tokenThatHangs(label: string): Promise<HungToken> {
  const token = await softToken({ label, through: 'fault-shim' })
  const device = shimFaults(token.module)
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-hung-'))
  const pin = join(scratch, 'pin')
  writeFileSync(pin, token.pin.expose(), { mode: 0o600 })
  if (typeof token.module === 'string') throw new Error('a soft token names its configuration')
  const variables = Object.entries(token.module.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  return {
    settings: {
      HSM_MODULE: token.module.path,
      HSM_MODULE_ENV: variables.join(','),
      HSM_TOKEN_LABEL: token.tokenLabel,
      HSM_PIN_FILE: pin,
      HSM_EXECUTOR: 'process',
      HSM_SESSIONS: '4',
      HSM_CALL_SECONDS: '10',
    },
    hang: async () => device.hang(['C_Sign', 'C_Decrypt', 'C_Encrypt'], 'before'),
    goOn: async () => device.mend(),
    async [Symbol.asyncDispose]() {
      device.release()
      await token.remove()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
