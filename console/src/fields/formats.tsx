/** How the fields of steps are drawn, by the format their declaration gives them. A format that is not here is drawn by its type. */

import type { FieldsByFormat } from '~/parts/SchemaForm'
import { ComparisonsField } from './ComparisonsField'
import { ConditionField } from './ConditionField'
import { DurationField } from './DurationField'
import { CountryField, EventField, ExperimentField, JourneyField, PropertyField, SegmentField, TimeZoneField, TopicField, TraitField } from './NameFields'
import { PathsField, SharesField } from './SharesField'
import { ClockField, ClocksField, DaysOfMonthField, ShareField, WeekdaysField } from './TimeFields'
import { ValueField } from './ValueField'

export const STEP_FORMATS: FieldsByFormat = {
  seconds: (field) => <DurationField {...field} />,
  share: (field) => <ShareField {...field} />,
  event: (field) => <EventField {...field} />,
  trait: (field) => <TraitField {...field} />,
  property: (field) => <PropertyField {...field} />,
  segment: (field) => <SegmentField {...field} />,
  journey: (field) => <JourneyField {...field} />,
  experiment: (field) => <ExperimentField {...field} />,
  topic: (field) => <TopicField {...field} />,
  time_zone: (field) => <TimeZoneField {...field} />,
  country: (field) => <CountryField {...field} />,
  condition: (field) => <ConditionField {...field} />,
  'comparison[]': (field) => <ComparisonsField {...field} />,
  shares: (field) => <SharesField {...field} />,
  paths: (field) => <PathsField {...field} />,
  time_of_day: (field) => <ClockField {...field} type="time" />,
  date: (field) => <ClockField {...field} type="date" />,
  wall_time: (field) => <ClockField {...field} type="datetime-local" />,
  times_of_day: (field) => <ClocksField {...field} type="time" />,
  wall_times: (field) => <ClocksField {...field} type="datetime-local" />,
  weekdays: (field) => <WeekdaysField {...field} />,
  days_of_month: (field) => <DaysOfMonthField {...field} />,
  trait_value: (field) => <ValueField {...field} />,
}
