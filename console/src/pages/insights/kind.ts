/** What a kind of insight is to the console. One kind is one file in `kinds/`, which says all of this of it. */
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { EventName } from '~/api/types'
import type { Answer, CellKey, Row } from './answer'
import type { Kind, Question, QuestionOf } from './question'

export interface FieldsProps<Q extends Question> {
  question: Q
  set: (part: Partial<Q>) => void
}

export interface ViewProps<Q extends Question> {
  asked: Q
  answer: Answer
  rows: Row[]
  /** Open the people behind a number. */
  open: (cell: CellKey) => void
  /** As low as it may be: on a board. */
  small: boolean
}

export interface InsightKind<K extends Kind> {
  kind: K
  icon: LucideIcon
  label: () => string
  /** What it answers, as people would ask it. */
  about: () => string
  /** What is asked before anybody has said anything. */
  blank: (events: EventName[]) => QuestionOf<K>
  /** The question in plain words. */
  title: (question: QuestionOf<K>) => string
  /** What else is said of it, each a few words. */
  notes: (question: QuestionOf<K>) => string[]
  Fields: ComponentType<FieldsProps<QuestionOf<K>>>
  View: ComponentType<ViewProps<QuestionOf<K>>>
  /** What names the people behind a number of the table; null where there are none. */
  cell: (question: QuestionOf<K>, row: Row, column: string) => CellKey | null
}

/** A kind of which is not known which it is: what is common to all can be done with it. */
export interface AnyKind {
  kind: Kind
  icon: LucideIcon
  label: () => string
  about: () => string
  blank: (events: EventName[]) => Question
  title: (question: Question) => string
  notes: (question: Question) => string[]
  Fields: ComponentType<FieldsProps<Question>>
  View: ComponentType<ViewProps<Question>>
  cell: (question: Question, row: Row, column: string) => CellKey | null
}
