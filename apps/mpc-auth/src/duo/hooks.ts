import { readFileSync } from 'node:fs'
import { fromUtf8, Secret } from '@strongroom/crypto'
import type { NodeDeps } from '@strongroom/key-shares'
import type { Beside, ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

type Values = ValuesOf<typeof settings>

const SHORTEST_SECRET = 32

/** How MPC nodes say who they are: by certificate where the listener has one, else by a secret each. */
export function nodesFrom(values: Values): NodeDeps['nodes'] {
  if (tlsFrom(values)) return 'by-certificate'
  const lines = values.HOOKS_SECRETS ? fromUtf8(values.HOOKS_SECRETS.expose()).split('\n') : []
  return new Map(lines.filter((line) => line.trim() !== '').map(readLine))
}

function readLine(line: string): [string, Secret] {
  const [, name, secret] = /^([\w.-]{1,64})=([\w.~+/-]+=*)$/.exec(line.trim()) ?? []
  if (name === undefined || secret === undefined || secret.length < SHORTEST_SECRET) {
    throw new TypeError(
      `HOOKS_SECRETS is not lines of name=secret with secrets of ${String(SHORTEST_SECRET)} characters of RFC 6750`,
    )
  }
  return [name, new Secret(secret)]
}

export function tlsFrom(values: Values): Beside['tls'] {
  const { HOOKS_TLS_CERT_FILE: cert, HOOKS_TLS_KEY_FILE: key, HOOKS_TLS_CLIENT_CA_FILE: clientCa } = values
  if (cert !== undefined && key !== undefined && clientCa !== undefined) {
    return { cert: read(cert), key: read(key), clientCa: read(clientCa) }
  }
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined
  throw new TypeError('HOOKS_TLS_CERT_FILE, HOOKS_TLS_KEY_FILE and HOOKS_TLS_CLIENT_CA_FILE are given together')
}

const read = (path: string): string => readFileSync(path, 'utf8')
