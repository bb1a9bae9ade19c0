import type { IncomingHttpHeaders } from 'node:http'
import { Secret } from '@strongroom/crypto'

/** RFC 6750 section 2.1: what `Authorization: Bearer …` carries; `undefined` where it carries none. */
export function readBearer({ authorization = '' }: IncomingHttpHeaders): Secret | undefined {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization) ?? []
  return token === undefined ? undefined : new Secret(token)
}
