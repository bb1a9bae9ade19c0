import { sha256, toBase64url, toUtf8 } from '@strongroom/crypto'

/** What a limit is stored as: of one length, whatever a caller's address looks like, and no list of addresses. */
export const limitName = (name: string): string => toBase64url(sha256(toUtf8(name.toWellFormed())))
