/** How the fields of messages are drawn, by the format their medium gives them. */

import type { FieldsByFormat } from '~/parts/SchemaForm'
import { DurationField } from './DurationField'

export const MESSAGE_FORMATS: FieldsByFormat = { seconds: (field) => <DurationField {...field} /> }
