import { z } from 'zod'

/** The literal of a resource's type, or of several. */
export const oneOf = <const Type extends string>(type: Type | readonly Type[]): z.ZodLiteral<Type> =>
  z.literal<readonly Type[]>(typeof type === 'string' ? [type] : type)
