"""A moto server that also knows the calls of AWS which the module makes and moto lacks: server.py HOST PORT

Every document is kept as it was written and answered as it is kept, with only the parts added that AWS adds. So an apply,
a plan without changes and a destroy against this server show that Terraform's own bookkeeping holds together: references,
order, names, JSON and XML that the provider can write and read back. They do not show that AWS would take what was
written, or that it acts on it. For a distribution in particular "no changes" says that the provider reads what it wrote.
"""

import json
import re
import sys
import uuid

from moto.awslambda.models import LambdaFunction
from moto.cloudfront import urls as cloudfront_urls
from moto.cloudfront.models import cloudfront_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.route53.models import route53_backends
from moto.server import main
from moto.wafv2.models import FakeWebACL
from moto.wafv2.responses import WAFV2Response

NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
VERSION = "{0}/2020-05-31/"
MADE_AT = "2026-01-01T00:00:00Z"
ZONE = "Z0EXAMPLEZONE"


def serve(pattern, answer):
    """Answers a path of the API, in place of moto where moto knows it by another name of its parts."""
    unnamed = re.sub(r"\?P<\w+>", "", VERSION + pattern)
    for known in [path for path in cloudfront_urls.url_paths if re.sub(r"\?P<\w+>", "", path) == unnamed]:
        del cloudfront_urls.url_paths[known]
    cloudfront_urls.url_paths[VERSION + pattern] = answer


class Collection:
    """Documents of one kind, by id: the inside of their configuration element as the client sent it."""

    def __init__(self, path, root, complete=lambda config: config, surround=None):
        self.path, self.root, self.complete = path, root, complete
        self.surround = surround or (lambda document: f"<LastModifiedTime>{MADE_AT}</LastModifiedTime>")
        self.documents = {}

    def register(self):
        """Answers for the collection, for one document, and for its configuration alone."""
        for pattern in (f"{self.path}$", f"{self.path}/(?P<id>[^/]+)$", f"{self.path}/(?P<id>[^/]+)/config$"):
            serve(pattern, self.answer)

    def answer(self, request, full_url, _headers):
        """One request of the REST-XML API."""
        parts = full_url.split("?")[0].split(f"/2020-05-31/{self.path}")[1].strip("/").split("/")
        if request.method == "POST":
            return self.create(request)
        document = self.documents.get(parts[0])
        if document is None:
            return self.missing()
        if request.method == "DELETE":
            del self.documents[parts[0]]
            return 204, {}, ""
        if request.method == "PUT":
            document["config"], document["etag"] = self.read(request), new_etag()
        return self.show(200, document, config_alone=parts[1:] == ["config"] and request.method == "GET")

    def create(self, request):
        """Keeps a document under an id of its own."""
        document = {"id": "E" + uuid.uuid4().hex[:13].upper(), "etag": new_etag(), "config": self.read(request)}
        self.documents[document["id"]] = document
        return self.show(201, document)

    def read(self, request):
        """The inside of the configuration element of a request."""
        body = request.data.decode()
        found = re.search(rf"<{self.root}Config(?:\s[^>]*)?>(.*)</{self.root}Config>", body, re.S)
        return self.complete(found.group(1))

    def show(self, status, document, config_alone=False):
        """A document as AWS wraps it."""
        config = f"{document['config']}</{self.root}Config>"
        if config_alone:
            text = f'<{self.root}Config xmlns="{NAMESPACE}">{config}'
        else:
            around = f"<Id>{document['id']}</Id>{self.surround(document)}"
            text = f'<{self.root} xmlns="{NAMESPACE}">{around}<{self.root}Config>{config}</{self.root}>'
        headers = {"ETag": document["etag"], "Location": f"/2020-05-31/{self.path}/{document['id']}"}
        return status, headers | {"Content-Type": "text/xml"}, text

    def missing(self):
        """What AWS says of an id that it does not know."""
        error = f"<Error><Type>Sender</Type><Code>NoSuch{self.root}</Code><Message>none such</Message></Error>"
        text = f'<ErrorResponse xmlns="{NAMESPACE}">{error}<RequestId>-</RequestId></ErrorResponse>'
        return 404, {"Content-Type": "text/xml"}, text


def new_etag():
    """A version that no document had before."""
    return uuid.uuid4().hex[:13].upper()


def complete_distribution(config):
    """AWS answers with these parts also where they were not sent; the provider reads them without asking."""
    for part in ("Aliases", "CacheBehaviors", "CustomErrorResponses", "OriginGroups"):
        if f"<{part}>" not in config:
            config += f"<{part}><Quantity>0</Quantity></{part}>"
    return config


def surround_distribution(document):
    """What a distribution has beside its configuration; it is deployed at once."""
    name = document["id"]
    nobody = "<Enabled>false</Enabled><Quantity>0</Quantity>"
    return (
        f"<ARN>arn:aws:cloudfront::{DEFAULT_ACCOUNT_ID}:distribution/{name}</ARN><Status>Deployed</Status>"
        f"<LastModifiedTime>{MADE_AT}</LastModifiedTime><DomainName>{name.lower()}.cloudfront.net</DomainName>"
        f"<InProgressInvalidationBatches>0</InProgressInvalidationBatches>"
        f"<ActiveTrustedSigners>{nobody}</ActiveTrustedSigners><ActiveTrustedKeyGroups>{nobody}</ActiveTrustedKeyGroups>"
    )


TAGS = {}


def tagging(request, _full_url, _headers):
    """Tags of CloudFront's resources, kept as they were sent."""
    resource = request.args["Resource"]
    if request.method == "POST" and request.args.get("Operation") == "Tag":
        TAGS[resource] = re.search(r"<Items>.*</Items>", request.data.decode(), re.S).group(0)
    if request.method == "GET":
        return 200, {"Content-Type": "text/xml"}, f'<Tags xmlns="{NAMESPACE}">{TAGS.get(resource, "<Items/>")}</Tags>'
    return 204, {}, ""


def keep_tags_of_new_distributions(create):
    """CreateDistributionWithTags sends the tags beside the configuration."""

    def create_with_tags(request):
        answer = create(request)
        found = re.search(r"<Tags>\s*(<Items>.*</Items>)\s*</Tags>", request.data.decode(), re.S)
        arn = re.search(r"<ARN>([^<]+)</ARN>", answer[2])
        if found and arn:
            TAGS[arn.group(1)] = found.group(1)
        return answer

    return create_with_tags


def publish_function(_request, full_url, _headers):
    """PublishFunction: what was being developed is live."""
    name = full_url.split("/function/")[1].split("/")[0]
    function = cloudfront_backends[DEFAULT_ACCOUNT_ID]["aws"].describe_function(name=name)
    summary = function.function_summary
    summary["FunctionMetadata"]["Stage"] = "LIVE"
    arn, runtime = summary["FunctionMetadata"]["FunctionARN"], summary["FunctionConfig"]["Runtime"]
    text = (
        f'<FunctionSummary xmlns="{NAMESPACE}"><Name>{name}</Name><Status>DEPLOYED</Status>'
        f"<FunctionConfig><Comment/><Runtime>{runtime}</Runtime></FunctionConfig><FunctionMetadata>"
        f"<FunctionARN>{arn}</FunctionARN><Stage>LIVE</Stage><LastModifiedTime>{MADE_AT}</LastModifiedTime>"
        f"</FunctionMetadata></FunctionSummary>"
    )
    return 200, {"Content-Type": "text/xml"}, text


def keep_logging_config():
    """moto forgets where and how a Lambda function logs."""
    make, show = LambdaFunction.__init__, LambdaFunction.get_configuration

    def make_and_keep(self, account_id, spec, *rest, **named):
        make(self, account_id, spec, *rest, **named)
        self.logging_as_sent = spec.get("LoggingConfig")

    def show_kept(self, *rest, **named):
        configuration = show(self, *rest, **named)
        if self.logging_as_sent:
            configuration["LoggingConfig"] = self.logging_as_sent
        return configuration

    LambdaFunction.__init__, LambdaFunction.get_configuration = make_and_keep, show_kept


def keep_data_protection():
    """moto forgets what a web ACL hides from its samples."""
    show = FakeWebACL.to_dict

    def keeping(write):
        def write_and_keep(self):
            answer, sent = write(self), json.loads(self.body)
            for acl in self.wafv2_backend.wacls.values():
                if acl.name == sent["Name"]:
                    acl.data_protection = sent.get("DataProtectionConfig")
            return answer

        return write_and_keep

    def show_kept(self):
        kept = getattr(self, "data_protection", None)
        return show(self) | ({"DataProtectionConfig": kept} if kept else {})

    WAFV2Response.create_web_acl = keeping(WAFV2Response.create_web_acl)
    WAFV2Response.update_web_acl = keeping(WAFV2Response.update_web_acl)
    FakeWebACL.to_dict = show_kept


def ignore_conditional_denials():
    """moto does not know the conditions of a bucket's policy and would refuse all where one denies requests without TLS:
    a Deny with a condition is taken for one that does not apply."""
    judge = IAMPolicyStatement.is_action_permitted

    def judge_unconditional(self, *rest, **named):
        if self._statement.get("Effect") == "Deny" and self._statement.get("Condition"):
            return PermissionResult.NEUTRAL
        return judge(self, *rest, **named)

    IAMPolicyStatement.is_action_permitted = judge_unconditional


def make_zone():
    """The hosted zone that a deployment finds, with an id as AWS gives them."""
    zones = route53_backends[DEFAULT_ACCOUNT_ID]["aws"]
    zone = zones.create_hosted_zone(name="example.com.", private_zone=False)
    zones.zones[ZONE] = zones.zones.pop(zone.resource_id)
    zone.resource_id = ZONE


def extend():
    """Registers everything."""
    policies = (
        ("cache-policy", "CachePolicy"),
        ("origin-request-policy", "OriginRequestPolicy"),
        ("response-headers-policy", "ResponseHeadersPolicy"),
    )
    for path, root in policies:
        Collection(path, root).register()
    distributions = Collection("distribution", "Distribution", complete_distribution, surround_distribution)
    distributions.create = keep_tags_of_new_distributions(distributions.create)
    distributions.register()
    serve("tagging$", tagging)
    serve("function/(?P<name>[^/]+)/publish$", publish_function)
    keep_logging_config()
    keep_data_protection()
    ignore_conditional_denials()


if __name__ == "__main__":
    extend()
    make_zone()
    main(["-H", sys.argv[1], "-p", sys.argv[2]])
