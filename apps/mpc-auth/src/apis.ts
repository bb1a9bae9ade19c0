import { setting } from '@strongroom/service'
import { z } from 'zod'

const known = ['duo', 'accounts'] as const
export type Api = (typeof known)[number]

const apis = z
  .string()
  .default('duo')
  .transform((list) => list.split(',').map((one) => one.trim()))
  .pipe(z.array(z.enum(known)).min(1))
  .refine((list) => new Set(list).size === list.length, 'names an API twice')

export const apiSettings = {
  MPC_AUTH_APIS: setting(
    apis,
    'Which APIs are served, comma-separated: `duo`, `accounts`. Only their settings are read.',
    '`duo`',
  ),
}

/** What is served must be known before any other setting is read. A mistake is told with the others, by the same rule. */
export function readApis(env: NodeJS.ProcessEnv): readonly Api[] {
  const read = apis.safeParse(env['MPC_AUTH_APIS'])
  return read.success ? read.data : ['duo']
}
