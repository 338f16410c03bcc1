//! What endpoints answer goes to the capture.

use crate::monitoring::capture::{Answered, Recorder};
use fettle_gateway::{Exchange, Observer};

impl Observer for Recorder {
    fn answered(&self, exchange: &Exchange) {
        let options = exchange.route.deployment.options();
        self.record(Answered {
            endpoint: &exchange.endpoint.name,
            deployment: &exchange.route.name,
            model_name: &options.model_name,
            model_version: &options.model_version,
            request_id: &exchange.invocation.request_id,
            content_type: exchange.invocation.content_type(),
            request: exchange.invocation.body.clone(),
            response: exchange.response.body.clone(),
            status: exchange.response.status,
            latency: exchange.took,
        });
    }
}
