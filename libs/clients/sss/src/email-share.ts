import { fromUtf8, Secret } from '@strongroom/crypto'
import { shareFromHex, shareToHex } from './shares.ts'

/** A share that names the version of the shares that it belongs to. */
export interface VersionedShare {
  readonly share: Secret
  readonly shareVersion: number
}

/** The text was not what LearnCard mails: 4 hex digits of version, 66 of share. */
export class EmailShareError extends Error {
  constructor() {
    super('not a recovery key as it was mailed')
    this.name = 'EmailShareError'
  }
}

const LARGEST_VERSION = 0xffff

/** What the server mails to the user and does not keep: version 12 and `47dee4…` are `000c47dee4…`. */
export function toEmailShare({ share, shareVersion }: VersionedShare): Secret {
  if (!Number.isSafeInteger(shareVersion) || shareVersion < 1 || shareVersion > LARGEST_VERSION) {
    throw new RangeError('a share version is 1 to 65535')
  }
  return new Secret(shareVersion.toString(16).padStart(4, '0') + shareToHex(share))
}

/** As it was copied out of a mail: any case, white space anywhere. @throws EmailShareError */
export function fromEmailShare(text: Secret): VersionedShare {
  const digits = fromUtf8(text.expose()).replaceAll(/\s+/g, '')
  const shareVersion = Number.parseInt(digits.slice(0, 4), 16)
  if (!/^[0-9a-f]{70}$/i.test(digits) || shareVersion === 0) throw new EmailShareError()
  return { share: shareFromHex(digits.slice(4)), shareVersion }
}
