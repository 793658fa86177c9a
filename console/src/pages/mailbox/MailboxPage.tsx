import { TopBar } from '~/frame/TopBar'
export const MailboxPage = () => <TopBar title="MailboxPage" />
