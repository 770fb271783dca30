from django.core.management.base import BaseCommand

from orders.models import Order


class Command(BaseCommand):
    help = "Tidy requests that died unanswered. Their nights were free from that moment already."

    def handle(self, **options):
        expired = Order.objects.expired().select_related("house").order_by("pk")
        count = sum(order.expire() for order in expired.iterator(chunk_size=200))
        self.stdout.write(f"expired {count} orders")
