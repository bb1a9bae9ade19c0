import { Records } from '../lca-original/records.ts'
import type { DumpedCell } from '../target.ts'

export interface FaceRecord {
  /** What the face server knows the person by: the subject, as the token has it. */
  ref: string
  failures: number
  since: number
}

/** Everything as it came: the shape keeps no secret of its own. */
export class DuoDatabase {
  /** Subjects to user ids. */
  readonly users = new Records<{ userId: string }>('users')
  readonly devices = new Records<{ userId: string; name: string | null; active: boolean }>('devices')
  /** Cached against the device's key, for whomever, until the time is over. */
  readonly challenges = new Records<{ challenge: string; expiresAt: number }>('device_challenges')
  readonly faces = new Records<FaceRecord>('faces')
  readonly keys = new Records<{ userId: string }>('keys')
  readonly backups = new Records<{ share: string }>('key_backups')
  readonly keygens = new Records<{ token: string }>('dkg_sessions')

  dump(): DumpedCell[] {
    const { users, devices, challenges, faces, keys, backups, keygens } = this
    return [users, devices, challenges, faces, keys, backups, keygens].flatMap((one) => one.dump())
  }
}
