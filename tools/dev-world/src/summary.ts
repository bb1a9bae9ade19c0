import { join, relative } from 'node:path'
import { checkout } from '@strongroom/postgres'
import { isReady } from './health.ts'
import { hooksOf, logOf, worldFileOf, type Places } from './places.ts'
import { formatTable } from './report.ts'
import type { WorldFile } from './world-file.ts'

export interface Summary {
  readonly text: string
  readonly allReady: boolean
}

/** The table of what runs, each app asked for its health at this moment. */
export async function summarise(places: Places, world: WorldFile): Promise<Summary> {
  const apps = Object.entries(world.apps)
  const health = await Promise.all(apps.map(([, address]) => isReady(address)))
  const rows = apps.map(([name, address], index) => [
    name,
    address,
    health[index] ? 'ready' : 'NOT READY',
    `${address}/docs`,
    short(logOf(places, name)),
  ])
  const table = formatTable([['app', 'address', 'health', 'documentation', 'log'], ...rows])
  const postgres = `  PostgreSQL listens on ${new URL(world.postgres).host}; how to log in is in ${short(worldFileOf(places))}`
  const outbox = `  What the apps send is caught at ${world.outbox}`
  const issuer = world.issuer ? `  Tokens come from ${world.issuer}: npm run --silent token -- ann@example.com\n` : ''
  const faces = world.faces ? `  Faces come from a stub: npm run --silent scan -- --person ann\n` : ''
  const objects = world.objects ? `  Documents lie at ${world.objects}\n` : ''
  const administrator = world.administrator
    ? `  An administrator signs: npm run --silent sign -- --key admin GET '/v3/kyc_recovery_requests' | sh\n`
    : ''
  const chains = Object.entries(world.chains ?? {}).map(([name, url]) => `  The chain ${name} stands at ${url}\n`)
  const hooks = Object.entries(world.hooks ?? {}).map(
    ([app, address]) =>
      `  Nodes ask ${app} at ${address}; their secret is in ${short(join(hooksOf(places, app), 'secret'))}\n`,
  )
  return {
    text: `\n${table}\n\n${outbox}\n${issuer}${faces}${objects}${administrator}${chains.join('')}${hooks.join('')}${postgres}\n`,
    allReady: health.every(Boolean),
  }
}

const short = (path: string): string => relative(checkout, path)
