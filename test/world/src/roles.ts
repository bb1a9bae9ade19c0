import { createHash, createHmac } from 'node:crypto'

export interface Login {
  readonly name: string
  readonly password: string
}

export interface Roles {
  readonly owner: Login
  /** Cannot log in; the runtime roles of all copies are its members, so that grants travel with the template. */
  readonly runtime: string
  readonly template: string
}

/** The names that belong to a template. All test processes of a run derive the same, the owner's password included. */
export function rolesOf(superuserUrl: string, template: string): Roles {
  const id = createHash('sha256').update(template).digest('hex').slice(0, 16)
  const password = createHmac('sha256', new URL(superuserUrl).password).update(id).digest('base64url')
  return { owner: { name: `owner_${id}`, password }, runtime: `runtime_${id}`, template: `template_${id}` }
}

export function asRole(superuserUrl: string, { name, password, database }: Login & { database: string }): string {
  const url = new URL(superuserUrl)
  url.username = name
  url.password = password
  url.pathname = `/${database}`
  return url.href
}
