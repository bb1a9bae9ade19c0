import { create, createMany } from './create-invite.ts'
import { remove } from './delete-invites.ts'
import { inviteDeliverer, inviteSweep } from './deliver-invites.ts'
import { list } from './list-invites.ts'

/** In the order of the contract. */
export const inviteHandlers = [create, createMany, list, remove]

export const inviteJobs = [inviteDeliverer]
export const inviteSweeps = [inviteSweep]

/** What the runtime role may do. */
export const inviteTables = { invites: ['select', 'insert', 'update', 'delete'] } as const
