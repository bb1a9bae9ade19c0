import { column } from '@strongroom/storage'
import { bytesToHex, type Hex } from 'viem'
import { z } from 'zod'

/** `bytea`, as viem takes it. */
export const hexColumn: z.ZodType<Hex> = column.bytes.transform((bytes) => bytesToHex(bytes))
/** `numeric` without a fraction. */
export const weiColumn: z.ZodType<bigint> = z.string().transform(BigInt)
