//! Mail by SMTP.

use super::{AlertSettings, message::Message};
use crate::outbox::{Outcome, Verdict};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::{sync::OnceLock, time::Duration};

/// Of one delivery, over all of the conversation.
pub const TIMEOUT: Duration = Duration::from_secs(30);
const FROM: &str = "Fettle <fettle@localhost>";

/// Sends mail through the server that the settings name.
#[derive(Debug)]
pub struct Mailer {
    url: Option<String>,
    from: String,
    /// Made with the first mail.
    transport: OnceLock<Result<AsyncSmtpTransport<Tokio1Executor>, String>>,
}

impl Mailer {
    pub fn new(settings: &AlertSettings) -> Self {
        Self {
            url: settings.smtp_url.clone(),
            from: settings.smtp_from.clone().unwrap_or_else(|| FROM.to_owned()),
            transport: OnceLock::new(),
        }
    }

    pub fn is_set_up(&self) -> bool {
        self.url.is_some()
    }

    pub async fn send(&self, to: &[String], message: &Message, delivery_id: &str) -> Outcome {
        let refused = |error: String| Outcome::unanswered(Verdict::Refused, error);
        let mail = match self.compose(to, message, delivery_id) {
            Ok(mail) => mail,
            Err(error) => return refused(error),
        };
        let transport = match self.transport() {
            Ok(transport) => transport,
            Err(error) => return refused(error),
        };
        match tokio::time::timeout(TIMEOUT, transport.send(mail)).await {
            Err(_) => Outcome::unanswered(
                Verdict::Retry { after: None },
                "the mail server did not answer in time".to_owned(),
            ),
            Ok(Ok(answer)) => Outcome {
                verdict: Verdict::Delivered,
                response_status: Some(u16::from(answer.code())),
                response_body: Some(answer.message().collect::<Vec<_>>().join("\n")),
                error: None,
            },
            // 5xx is an answer for good, anything else may be better next time.
            Ok(Err(error)) => Outcome {
                verdict: if error.is_permanent() {
                    Verdict::Refused
                } else {
                    Verdict::Retry { after: None }
                },
                response_status: error.status().map(u16::from),
                response_body: None,
                error: Some(error.to_string()),
            },
        }
    }

    fn compose(&self, to: &[String], message: &Message, delivery_id: &str) -> Result<lettre::Message, String> {
        let from: Mailbox = self
            .from
            .parse()
            .map_err(|error| format!("--smtp-from `{}`: {error}", self.from))?;
        let mut mail = lettre::Message::builder()
            .from(from)
            .subject(message.title())
            // Sent again, it is the same mail.
            .message_id(Some(format!("<{delivery_id}@fettle>")));
        for address in to {
            mail = mail.to(address.parse().map_err(|error| format!("`{address}`: {error}"))?);
        }
        let status = HeaderValue::new(
            HeaderName::new_from_ascii_str("X-Fettle-Status"),
            message.status.clone(),
        );
        mail.raw_header(status)
            .multipart(MultiPart::alternative_plain_html(message.text(), html(message)))
            .map_err(|error| error.to_string())
    }

    fn transport(&self) -> Result<&AsyncSmtpTransport<Tokio1Executor>, String> {
        let made = self.transport.get_or_init(|| {
            let url = self
                .url
                .as_deref()
                .ok_or("this server has no --smtp-url, so it sends no mail")?;
            Ok(AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                .map_err(|error| format!("--smtp-url: {error}"))?
                .timeout(Some(TIMEOUT))
                .build())
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// The same for readers that show pages.
fn html(message: &Message) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        "<h2>{}</h2><pre style=\"font: inherit\">{}</pre>",
        escape(&message.title()),
        escape(&message.text())
    )
}
