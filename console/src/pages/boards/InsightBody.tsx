import { type ReactNode, useMemo, useRef } from 'react'
import type { BoardSaid, SavedInsight } from '~/api/boards'
import { asSheet } from '~/pages/insights/answer'
import { useAnswer } from '~/pages/insights/asking'
import { InsightView } from '~/pages/insights/InsightView'
import type { Question } from '~/pages/insights/question'
import { SavedLink } from '~/pages/insights/saved/SavedLink'
import { pictureOf, saveFile, saveSheet } from '~/parts/charts/files'
import { t } from '~/words/language'
import type { Exports } from './BoardCard'
import styles from './Boards.module.css'
import { askedOn } from './changes'

interface Props {
  said: BoardSaid
  saved: SavedInsight
  tools: (exports: Exports) => ReactNode
}

/** A saved insight on a board, asked for the board's period and people. */
export function InsightBody({ said: { period, segment }, saved, tools }: Props) {
  const question = useMemo(() => askedOn({ period, segment }, saved), [period, segment, saved])
  if (question === null)
    return (
      <>
        {tools({})}
        <p className={styles.gone}>{t('This console does not know how to ask this.')}</p>
      </>
    )
  return <Shown question={question} saved={saved} tools={tools} />
}

function Shown({ question, saved, tools }: { question: Question; saved: SavedInsight; tools: Props['tools'] }) {
  const found = useAnswer(question).query.data
  const picture = useRef<HTMLDivElement>(null)
  const exports: Exports = found
    ? {
        csv: () => saveSheet(saved.id, asSheet(found.answer, ',')),
        png: () => void (picture.current && pictureOf(picture.current).then((blob) => saveFile(`${saved.id}.png`, 'image/png', blob))),
      }
    : {}
  return (
    <>
      {tools(exports)}
      <div ref={picture}>
        <InsightView
          question={question}
          small
          name={
            <SavedLink insight={saved} className={styles.title}>
              {saved.name}
            </SavedLink>
          }
        />
      </div>
    </>
  )
}
